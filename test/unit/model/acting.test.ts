import { describe, expect, it } from 'vitest';
import { combinedName, isOwn, takenApart, type Acting, type CombinedForm } from '../../../model/acting.ts';

function acting(admin: string, user: string): Acting {
  return { form: 'sasl-plain', admin, user };
}

describe('a login that names administrator and user', () => {
  it.each<[CombinedForm, string, string, string]>([
    ['exchange', 'contoso/admin', 'alberta', 'contoso/admin/alberta'],
    ['exchange', 'contoso\\admin', 'alberta', 'contoso\\admin\\alberta'],
    ['exchange', 'admin@contoso.com', 'alberta', 'admin@contoso.com/alberta'],
    ['dovecot', 'admin', 'alberta@contoso.com', 'alberta@contoso.com*admin'],
    ['mirapoint', 'admin', 'alberta@contoso.com', '#alberta@contoso.com#admin#'],
  ])('in the form of %s is put together and taken apart', (form, admin, user, name) => {
    expect(combinedName({ form, admin, user })).toBe(name);
    expect(takenApart(name)).toEqual({ form, admin, user });
  });

  it.each([
    'alberta',
    'alberta@contoso.com',
    'contoso/alberta',
    'contoso\\alberta@contoso.com',
    '*admin',
    'a*',
    '#a#',
    'a/b/c/d',
  ])('is not %s', (name) => {
    expect(takenApart(name)).toBeUndefined();
  });
});

describe('the mailbox of an administrator', () => {
  it.each([
    ['admin', 'Admin'],
    ['contoso/admin', 'admin'],
    ['admin', 'admin@contoso.com'],
    ['contoso\\admin', 'admin@contoso.com'],
  ])('of %s is %s', (admin, user) => {
    expect(isOwn(acting(admin, user))).toBe(true);
  });

  it.each([
    ['admin', 'alberta'],
    ['admin@contoso.com', 'admin@fabrikam.com'],
    ['contoso/admin', 'administrator'],
  ])('of %s is not %s', (admin, user) => {
    expect(isOwn(acting(admin, user))).toBe(false);
  });
});
