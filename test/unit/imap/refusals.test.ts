import { describe, expect, it } from 'vitest';
import { classify } from '../../../imap/refusals.ts';
import type { Asked, ServerRefusal } from '../../../imap/refusals.ts';
import type { RefusalCode } from '../../../model/refusals.ts';

type Case = readonly [asked: Asked, responseCode: string | undefined, text: string, code: RefusalCode];

const said = (asked: Asked, responseCode: string | undefined, text: string): ServerRefusal => ({
  asked,
  responseCode,
  text,
  side: 'source',
  login: 'password',
});

describe('what servers say', () => {
  it.each(['duplicate folders ', 'mail ', 'Suggested Backoff Time: ', 'authentication '])(
    'is read in no time that grows with the square of %s',
    (words) => {
      expect(classify(said('append', undefined, words.repeat(1_000_000))).code).toBeDefined();
    },
  );

  it.each<Case>([
    ['fetch', undefined, 'Request is throttled. Suggested Backoff Time: 299961 milliseconds', 'server.throttled'],
    ['authenticate', 'OVERQUOTA', 'Account exceeded command or bandwidth limits.', 'server.daily-limit'],
    ['authenticate', undefined, 'Too many simultaneous connections. (Failure)', 'server.too-many-connections'],
    [
      'authenticate',
      'UNAVAILABLE',
      'Maximum number of connections from user+IP exceeded',
      'server.too-many-connections',
    ],
    ['authenticate', 'UNAVAILABLE', 'Temporary authentication failure.', 'access.unavailable'],
    ['list', undefined, 'User is authenticated but not connected.', 'access.refused'],
    ['authenticate', undefined, 'AUTHENTICATE failed.', 'access.password'],
    ['authenticate', undefined, 'LOGIN failed.', 'access.password'],
    ['authenticate', undefined, '[AUTH] Invalid credentials (Failure)', 'access.password'],
    ['authenticate', undefined, 'LogonDenied-BasicAuthBlocked', 'access.basic-auth'],
    ['authenticate', undefined, 'Application-specific password required', 'access.app-password'],
    ['authenticate', 'PRIVACYREQUIRED', 'Plaintext authentication disallowed', 'access.method'],
    ['authenticate', 'EXPIRED', 'That password is no longer valid', 'access.password'],
    ['authenticate', undefined, 'the stars are not right', 'access.refused'],
    ['bye', undefined, 'Session invalidated - AccessTokenExpired', 'server.token-expired'],
    ['bye', undefined, 'Connection is closed. 13', 'server.connection-lost'],
    ['bye', undefined, 'Server Unavailable. 15', 'access.unavailable'],
    ['append', undefined, 'Server Unavailable. 15', 'destination.unavailable'],
    ['list', undefined, 'Duplicate folders "a" were detected in the mailbox', 'server.duplicate-folders'],
    ['append', undefined, 'Command Argument Error. 11', 'destination.message-refused'],
    ['append', undefined, 'Command Argument Error. 12', 'us.bug'],
    ['status', undefined, 'Command Error. 12', 'us.bug'],
    ['append', undefined, 'Maximum size of appendable message has been exceeded', 'destination.message-too-large'],
    [
      'append',
      'LIMIT',
      'Mail size is larger than the maximum size allowed by server configuration',
      'destination.message-too-large',
    ],
    ['append', 'TOOBIG', 'no', 'destination.message-too-large'],
    ['append', 'OVERQUOTA', 'Quota exceeded (mailbox for user is full)', 'destination.quota'],
    ['append', undefined, 'Over quota', 'destination.quota'],
    ['append', 'TRYCREATE', 'Folder is not found.', 'destination.folder-refused'],
    ['append', undefined, 'Message contains NUL characters', 'destination.message-refused'],
    ['append', undefined, 'something else', 'server.refused'],
    ['create', undefined, 'Folder name is reserved', 'destination.name-refused'],
    ['create', 'CANNOT', 'Invalid mailbox name', 'destination.name-refused'],
    ['create', undefined, "Mailbox doesn't allow inferior mailboxes", 'destination.folder-refused'],
    ['examine', undefined, 'Mailbox has been deleted or moved.', 'source.folder-gone'],
    ['examine', 'NONEXISTENT', 'Unknown Mailbox', 'source.folder-gone'],
    ['examine', undefined, 'access denied.', 'source.folder-refused'],
    ['examine', 'NOPERM', 'no', 'source.folder-refused'],
    ['examine', undefined, 'cannot be opened', 'source.folder-refused'],
    ['search', 'BADCHARSET', 'UTF-8 unknown', 'server.refused'],
    ['noop', 'LIMIT', 'too much at once', 'server.throttled'],
  ])('%s answered with [%s] %s is %s', (asked, responseCode, text, code) => {
    expect(classify(said(asked, responseCode, text)).code).toBe(code);
  });

  it('means a token to one login, a password or an administrator to another', () => {
    const failed = said('authenticate', 'AUTHENTICATIONFAILED', 'Authentication failed.');
    const unauthorised = said('authenticate', 'AUTHORIZATIONFAILED', 'Authorization failed');
    const codes = (['password', 'acting', 'xoauth2'] as const).map((login) => [
      classify({ ...failed, login }).code,
      classify({ ...unauthorised, login }).code,
    ]);
    expect(codes).toEqual([
      ['access.password', 'access.refused'],
      ['access.password', 'access.administrator'],
      ['access.refused', 'access.refused'],
    ]);
  });

  it('names the side that the session is on', () => {
    const gone = said('examine', 'NONEXISTENT', '');
    expect(classify({ ...gone, side: 'destination' }).code).toBe('destination.folder-refused');
  });

  it('tells how long to wait', () => {
    expect(classify(said('noop', undefined, 'Suggested Backoff Time: 92415 milliseconds')).waitMs).toBe(92_415);
    expect(classify(said('fetch', 'OVERQUOTA', 'Account exceeded command or bandwidth limits')).waitMs).toBe(
      86_400_000,
    );
    expect(classify(said('noop', undefined, 'no idea')).waitMs).toBeUndefined();
  });
});
