/**
 * Microsoft's clouds: each has a token service, a mail server and a resource of its own ("National clouds" and
 * "Authenticate an IMAP, POP or SMTP connection using OAuth" in Microsoft's documentation).
 */
export interface CloudServices {
  /** Base of its token service. */
  readonly authority: string;
  /** Exchange Online's IMAP server. */
  readonly host: string;
  /** The scope of Exchange Online there. */
  readonly scope: string;
}

export const CLOUDS = {
  /** Everybody, and the US Government's GCC. */
  global: {
    authority: 'https://login.microsoftonline.com',
    host: 'outlook.office365.com',
    scope: 'https://outlook.office365.com/.default',
  },
  'gcc-high': {
    authority: 'https://login.microsoftonline.us',
    host: 'outlook.office365.us',
    scope: 'https://outlook.office365.us/.default',
  },
  dod: {
    authority: 'https://login.microsoftonline.us',
    host: 'outlook-dod.office365.us',
    scope: 'https://outlook-dod.office365.us/.default',
  },
  /** Operated by 21Vianet. */
  china: {
    authority: 'https://login.partner.microsoftonline.cn',
    host: 'partner.outlook.cn',
    scope: 'https://partner.outlook.cn/.default',
  },
} as const satisfies Readonly<Record<string, CloudServices>>;

export type Cloud = keyof typeof CLOUDS;

export const CLOUD_NAMES = ['global', 'gcc-high', 'dod', 'china'] as const satisfies readonly Cloud[];

/** The cloud whose IMAP server this is; undefined for any other server. */
export function cloudOfHost(host: string): Cloud | undefined {
  return CLOUD_NAMES.find((name) => CLOUDS[name].host === host.toLowerCase());
}

/** The clouds that have their token service at this host: two share one. */
export function cloudsOfTokenService(host: string): readonly Cloud[] {
  return CLOUD_NAMES.filter((name) => CLOUDS[name].authority === `https://${host.toLowerCase()}`);
}
