import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile, chmod } from 'node:fs/promises';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { renderConfig, renderMasterUsers, renderOauth2, renderUsers } from './dovecot-config.ts';
import type { DovecotIdentity, DovecotPaths, StoredUser } from './dovecot-config.ts';
import { dovecotInstallation } from './dovecot-installation.ts';
import type { DovecotInstallation } from './dovecot-installation.ts';
import type { DovecotOptions, DovecotUser } from './dovecot-options.ts';
import { freePorts, greetingOf } from './ports.ts';
import { groupIsAlive } from './process-group.ts';

export { dovecotAvailable } from './dovecot-installation.ts';
export type { DovecotAvailability } from './dovecot-installation.ts';
export type { DovecotOptions, DovecotUser } from './dovecot-options.ts';

/** A running instance. Its mail, state and sockets live in one temporary folder, which `stop` removes. */
export interface Dovecot {
  readonly host: '127.0.0.1';
  /** Plain, and with STARTTLS if the instance has a certificate. */
  readonly port: number;
  /** TLS from the first byte. Nothing listens there without a certificate. */
  readonly tlsPort: number;
  /** The process group of the instance while it runs. */
  readonly pid: number;
  /** Where the mail is kept, for tests that look at the storage. */
  readonly mailFolder: string;
  /** Ends all its processes and removes its folder. May be called again. */
  stop(): Promise<void>;
  /** Ends all its processes, as a power cut would with `hard`, and starts them again with the same mail and ports. */
  restart(options?: { readonly hard?: boolean }): Promise<void>;
  /** Ends all its processes but keeps mail and ports, until `restart`. */
  halt(): Promise<void>;
  /** Adds a mailbox, or gives an existing one another password or quota; resolved once logins see it. */
  addUser(user: DovecotUser): Promise<void>;
  /** Logins of this mailbox are refused from now on; its mail stays. */
  removeUser(name: string): Promise<void>;
  /** Closes every connection of a user, or of everybody. */
  kick(user?: string): Promise<void>;
  /** All that the instance has logged so far. */
  logText(): Promise<string>;
  /** Runs doveadm against this instance and gives its standard output. */
  doveadm(args: readonly string[]): Promise<string>;
}

/** What a busy machine may take; it says what was not seen. */
const SEEN_WITHIN_MS = 60_000;
/** A server that was asked to stop and has not by then is killed. */
const STOP_TIMEOUT_MS = 5_000;
const PORT_ATTEMPTS = 5;
/** Uid and gid of the mail when we are root: `nobody`, since Dovecot opens no mail as root. */
const NOBODY = 65_534;
/** The longest path of a UNIX socket is 107 bytes on Linux; Dovecot's longest name below its base folder has 30. */
const LONGEST_ROOT = 70;

function currentIdentity(): DovecotIdentity {
  const { uid, gid, username } = userInfo();
  if (uid === 0) return { ordinaryUser: undefined, mailUid: NOBODY, mailGid: NOBODY };
  const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
  return { ordinaryUser: { name: username, group }, mailUid: uid, mailGid: gid };
}

function pathsIn(root: string): DovecotPaths {
  return {
    root,
    config: join(root, 'dovecot.conf'),
    log: join(root, 'dovecot.log'),
    mail: join(root, 'mail'),
    users: join(root, 'users'),
    masterUsers: join(root, 'master-users'),
    oauth2: join(root, 'oauth2.conf.ext'),
    oauth2Ca: join(root, 'oauth2-ca.pem'),
    certificate: join(root, 'certificate.pem'),
    key: join(root, 'key.pem'),
  };
}

async function until(what: string, timeoutMs: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await delay(10);
  }
}

/**
 * Ends the instance and removes its folder if this process dies without having done so: the pipe to its standard input
 * closes with us, whatever we die of.
 */
function spawnWatchdog(pid: number, root: string): ChildProcess {
  const script = 'cat >/dev/null; kill -s KILL -- "-$1" 2>/dev/null; rm -rf -- "$2"';
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(pid), root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  return watchdog;
}

interface Running {
  readonly pid: number;
  readonly exited: Promise<void>;
  readonly watchdog: ChildProcess;
}

class Instance implements Dovecot {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly tlsPort: number;
  readonly #installation: DovecotInstallation;
  readonly #options: DovecotOptions;
  readonly #paths: DovecotPaths;
  readonly #identity: DovecotIdentity;
  readonly #users = new Map<string, StoredUser>();
  #running: Running | undefined;
  #homes = 0;
  #revision = 0;
  #writes = 0;

  constructor(
    installation: DovecotInstallation,
    options: DovecotOptions,
    paths: DovecotPaths,
    ports: { readonly port: number; readonly tlsPort: number },
  ) {
    this.#installation = installation;
    this.#options = options;
    this.#paths = paths;
    this.#identity = currentIdentity();
    this.port = ports.port;
    this.tlsPort = ports.tlsPort;
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error('this Dovecot is not running');
    return this.#running.pid;
  }

  get mailFolder(): string {
    return this.#paths.mail;
  }

  async prepare(): Promise<void> {
    const { root, mail, config, masterUsers, certificate, key } = this.#paths;
    const { tls, oauth2 } = this.#options;
    await chmod(root, 0o755);
    await mkdir(mail, { recursive: true });
    if (this.#identity.ordinaryUser === undefined) await chown(mail, NOBODY, NOBODY);
    if (tls !== undefined) {
      await writeFile(certificate, tls.certPem);
      await writeFile(key, tls.keyPem, { mode: 0o600 });
    }
    if (oauth2 !== undefined) {
      await writeFile(this.#paths.oauth2, renderOauth2(oauth2, this.#paths));
      if (oauth2.caPem !== undefined) await writeFile(this.#paths.oauth2Ca, oauth2.caPem);
    }
    await writeFile(masterUsers, renderMasterUsers(this.#options.masterUsers ?? []));
    for (const user of this.#options.users) this.#remember(user);
    await this.#writeUsers();
    await writeFile(config, renderConfig(this.#options, this.#paths, this.#identity, this));
  }

  async start(): Promise<void> {
    const server = spawn(this.#installation.dovecot, ['-F', '-c', this.#paths.config], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
    const exited = new Promise<void>((resolve) => {
      server.once('exit', () => resolve());
      server.once('error', (error) => {
        words += error.message;
        resolve();
      });
    });
    const { pid } = server;
    if (pid === undefined) {
      await exited;
      throw new Error(`Dovecot could not be started: ${words}`);
    }
    this.#running = { pid, exited, watchdog: spawnWatchdog(pid, this.#paths.root) };
    const gone = exited.then(async () => {
      throw new Error(`Dovecot ended while starting: ${words}\n${await this.logText()}`);
    });
    await Promise.race([gone, greetingOf(this.port, SEEN_WITHIN_MS)]);
    gone.catch(() => undefined);
  }

  async halt(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { pid, exited, watchdog } = running;
    // To each process: the master alone takes up to three seconds to end its children.
    if (groupIsAlive(pid)) process.kill(-pid, signal);
    await Promise.race([exited, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    if (groupIsAlive(pid)) process.kill(-pid, 'SIGKILL');
    await until('the end of all processes of this Dovecot', SEEN_WITHIN_MS, () => !groupIsAlive(pid));
    const watchdogGone = new Promise((resolve) => watchdog.once('exit', resolve));
    watchdog.kill('SIGKILL');
    watchdog.ref();
    await watchdogGone;
  }

  async stop(): Promise<void> {
    await this.halt('SIGKILL');
    await rm(this.#paths.root, { recursive: true, force: true, maxRetries: 3 });
  }

  async restart(options: { readonly hard?: boolean } = {}): Promise<void> {
    await this.halt(options.hard === true ? 'SIGKILL' : 'SIGTERM');
    await this.start();
  }

  async addUser(user: DovecotUser): Promise<void> {
    this.#remember(user);
    await this.#writeUsers();
    const revision = String(this.#revision);
    await until(`a login of ${user.name}`, SEEN_WITHIN_MS, async () => (await this.#knownRevision(user)) === revision);
  }

  async removeUser(name: string): Promise<void> {
    const user = this.#users.get(name.toLowerCase());
    if (user === undefined) throw new Error(`this Dovecot has no user ${name}`);
    this.#users.delete(name.toLowerCase());
    await this.#writeUsers();
    await until(`the refusal of ${name}`, SEEN_WITHIN_MS, async () => (await this.#knownRevision(user)) === undefined);
  }

  async kick(user = '*'): Promise<void> {
    await this.#run(['kick', user], [0, 68]);
  }

  async logText(): Promise<string> {
    return readFile(this.#paths.log, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }

  async doveadm(args: readonly string[]): Promise<string> {
    return (await this.#run(args, [0])).stdout;
  }

  #remember(user: DovecotUser): void {
    if (/[:\r\n]/.test(user.name))
      throw new Error(`a user name must not contain a colon or a line break: ${user.name}`);
    const name = user.name.toLowerCase();
    const home = this.#users.get(name)?.home ?? join(this.#paths.mail, `user-${(this.#homes += 1)}`);
    this.#revision += 1;
    this.#users.set(name, { ...user, home, revision: this.#revision });
  }

  /** Dovecot looks at the file at most once a second, and only in whole seconds at its time: each is given another. */
  async #writeUsers(): Promise<void> {
    const next = `${this.#paths.users}.next`;
    await writeFile(next, renderUsers([...this.#users.values()], this.#identity));
    this.#writes += 1;
    await utimes(next, this.#writes, this.#writes);
    await rename(next, this.#paths.users);
  }

  async #knownRevision({ name }: DovecotUser): Promise<string | undefined> {
    const { code, stdout } = await this.#run(['user', '-f', 'revision', name], [0, 67]);
    return code === 0 ? stdout.trim() : undefined;
  }

  #run(
    args: readonly string[],
    expected: readonly number[],
  ): Promise<{ readonly code: number; readonly stdout: string }> {
    return new Promise((resolve, reject) => {
      const command = ['-c', this.#paths.config, ...args];
      execFile(
        this.#installation.doveadm,
        command,
        { encoding: 'utf8', maxBuffer: 1 << 28 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          if (typeof code === 'number' && expected.includes(code)) resolve({ code, stdout });
          else reject(new Error(`doveadm ${args[0] ?? ''} failed (${String(code)}): ${stderr}`, { cause: error }));
        },
      );
    });
  }
}

/**
 * Starts a real Dovecot 2.3 of its own on 127.0.0.1, as root or as an ordinary user. Resolved once it greets. It dies
 * with this process, and leaves nothing behind.
 */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  const installation = dovecotInstallation();
  for (let attempt = 1; ; attempt += 1) {
    const root = await mkdtemp(join(tmpdir(), 'mailferry-dovecot-'));
    if (Buffer.byteLength(root) > LONGEST_ROOT) {
      await rm(root, { recursive: true });
      throw new Error(`the path ${root} is too long for Dovecot's sockets: set TMPDIR to a shorter one`);
    }
    const [port, tlsPort] = await freePorts();
    const instance = new Instance(installation, options, pathsIn(root), { port, tlsPort });
    try {
      await instance.prepare();
      await instance.start();
      return instance;
    } catch (error) {
      await instance.stop();
      const portTaken = error instanceof Error && /Address already in use/.test(error.message);
      if (!portTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}
