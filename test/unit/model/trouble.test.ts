import { describe, expect, test } from 'vitest';
import { fewerConnections, isCrowded, moreConnections, suspectedOf } from '../../../model/trouble.ts';

describe('a destination that stores nothing and does not say why', () => {
  const unavailable = { code: 'destination.unavailable', text: 'no', serverText: 'NO Server Unavailable. 15' } as const;

  test('is waited for four times; the fifth time in a row its mailbox is taken for full', () => {
    expect([1, 2, 3, 4].map((tries) => suspectedOf(unavailable, tries).code)).toEqual(
      Array.from({ length: 4 }, () => 'destination.unavailable'),
    );
    expect(suspectedOf(unavailable, 5)).toMatchObject({
      code: 'destination.quota-suspected',
      serverText: 'NO Server Unavailable. 15',
    });
  });

  test('is no other refusal, however often that comes', () => {
    const throttled = { code: 'server.throttled', text: 'later' } as const;
    expect(suspectedOf(throttled, 50)).toBe(throttled);
  });
});

describe('connections of one mailbox', () => {
  test('are halved where the server has too many of them, down to one', () => {
    expect([8, 4, 3, 2, 1].map(fewerConnections)).toEqual([4, 2, 1, 1, 1]);
    expect(isCrowded({ code: 'server.too-many-connections', text: '' })).toBe(true);
    expect(isCrowded({ code: 'server.unreachable', text: '' })).toBe(false);
  });

  test('come back one by one with passes that go well', () => {
    expect([undefined, 1, 2, 3].map((connections) => moreConnections(connections, 4))).toEqual([
      undefined,
      2,
      3,
      undefined,
    ]);
  });
});
