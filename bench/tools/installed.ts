import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program that is installed; undefined where it is not. */
export function installedProgram(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

export function requiredProgram(name: string): string {
  const path = installedProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

export function missingProgram(name: string): string | undefined {
  return installedProgram(name) === undefined ? 'not installed' : undefined;
}
