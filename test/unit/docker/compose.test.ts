import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../../..');
const Build = z.union([z.string(), z.object({ context: z.string(), dockerfile: z.string() })]);
const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      build: Build.optional(),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
});

const { services, volumes } = Compose.parse(
  parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true, strict: true }),
);

function dockerfileOf(build: z.infer<typeof Build>): string {
  return typeof build === 'string' ? join(ROOT, build, 'Dockerfile') : join(ROOT, build.context, build.dockerfile);
}

describe('docker-compose.yml', () => {
  it('has what it takes to try mailferry out', () => {
    const names = ['postgresql', 'temporal', 'temporal-ui', 'worker', 'source', 'destination'];
    expect(Object.keys(services)).toEqual(expect.arrayContaining(names));
  });

  it.each(Object.entries(services))('pins the version of %s', (_, { image, build }) => {
    const images =
      build === undefined
        ? [image ?? '']
        : [...readFileSync(dockerfileOf(build), 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, from]) => from);
    expect(images).not.toEqual([]);
    for (const each of images) expect(each).toMatch(/^[\w/-]+:\d+\.\d+(\.\d+)?(-[\w-]+)?$/);
  });

  it.each(Object.entries(services))('opens the ports of %s to this machine only', (_, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('opens no port twice', () => {
    const ports = Object.values(services).flatMap((service) => service.ports.map((port) => port.split(':')[1]));
    expect(new Set(ports).size).toBe(ports.length);
  });

  it.each(Object.entries(services))('mounts for %s only what there is', (_, service) => {
    for (const [from = ''] of service.volumes.map((volume) => volume.split(':'))) {
      expect(from.startsWith('./') ? existsSync(join(ROOT, from)) : Object.hasOwn(volumes, from), from).toBe(true);
    }
  });

  it.each(Object.entries(services))('lets %s wait for services that can tell that they are ready', (_, service) => {
    for (const [name, { condition }] of Object.entries(service.depends_on)) {
      expect(services, name).toHaveProperty([name]);
      expect(condition === 'service_healthy' ? services[name]?.healthcheck : condition).toBeDefined();
    }
  });
});
