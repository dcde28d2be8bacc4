import type { CopyHeartbeat } from '../model/activities.ts';
import { type ByteReader, ByteWriter, DamagedBytes } from './bytes.ts';
import { unzigzag, zigzag } from './entry-codec.ts';
import { grouped } from './grouped.ts';
import { opened, readTally, seal, writeTally } from './ledger-codec.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { apply, isPlaced, type Intent, type PairedMessage, type Pairing, type PairingFolder } from './pairing.ts';

const PAIRING = 2;
const MOST_FOLDERS = 100_000;
const MOST_MESSAGES = 0x800_0000;
const HIGHEST_UID = 0xffff_fffe;
/** Before the differences of counterparts that are known. */
const KINDS = 2;

/**
 * What was paired since the activity began, and the MOVE of which nobody knows yet: all that the next attempt needs besides
 * the ledgers that both began with. Folders go by their place in a list of names, messages as differences in columns, so
 * that a folder of 100,000 messages that was renamed takes a few bytes.
 */
export function encodePairingGrowth(pairing: Pairing): string {
  const out = new ByteWriter();
  const folders = [...new Set([...pairing.paired, ...intentOf(pairing)].flatMap(({ from, to }) => [from, to]))];
  out.number(folders.length);
  for (const { at, ledger } of folders) {
    out.text(at.source);
    for (const number of [ledger.baseSize, ledger.head.sourceValidity, ledger.head.destinationValidity]) {
      out.number(number);
    }
  }
  writeTally(out, pairing.tally);
  writePaired(out, folders, pairing.paired);
  const asides = pairing.folders.flatMap(({ at, ledger }) => ledger.newlyAside.map(({ uid }) => ({ at, uid })));
  out.number(asides.length);
  for (const { at, uid } of asides) {
    out.text(at.source);
    out.number(uid);
  }
  writeIntent(out, folders, pairing.intent);
  return seal(PAIRING, out.taken());
}

function intentOf({ intent }: Pairing): readonly Intent[] {
  return intent === undefined ? [] : [intent];
}

function writePaired(out: ByteWriter, folders: readonly PairingFolder[], paired: readonly PairedMessage[]): void {
  const numbers = new Map(folders.map((folder, number) => [folder, number]));
  const columns = Array.from({ length: 5 }, () => new ByteWriter());
  const [from, to, uids, targets, counterparts] = columns;
  const last = { uid: 0, target: 0, counterpart: 0 };
  for (const each of paired) {
    from?.number(numbers.get(each.from) ?? 0);
    to?.number(numbers.get(each.to) ?? 0);
    uids?.number(zigzag(each.uid - last.uid));
    targets?.number(zigzag(each.target - last.target));
    counterparts?.number(counterpartNumber(each.counterpart, last.counterpart));
    last.uid = each.uid;
    last.target = each.target;
    if (isPlaced(each.counterpart)) last.counterpart = each.counterpart;
  }
  out.number(paired.length);
  for (const column of columns) out.block(column.taken());
}

function counterpartNumber(counterpart: number, last: number): number {
  if (counterpart === NOWHERE) return 0;
  return counterpart === SOUGHT ? 1 : zigzag(counterpart - last) + KINDS;
}

function writeIntent(out: ByteWriter, folders: readonly PairingFolder[], intent: Intent | undefined): void {
  out.number(intent === undefined ? 0 : 1);
  if (intent === undefined) return;
  const { from, to, uidNext, uidValidity, messages } = intent;
  for (const number of [folders.indexOf(from), folders.indexOf(to), uidNext, uidValidity]) out.number(number);
  const paired = messages.map(({ uid, target }) => ({ from, uid, to, target, counterpart: NOWHERE }));
  writePaired(out, folders, paired);
}

/** Brings a pairing that has just begun to where another attempt was. Throws LedgerDamaged. */
export function applyPairingGrowth(pairing: Pairing, text: string): void {
  opened('growth of a pairing', PAIRING, text, (from) => {
    const folders = readFolders(from, pairing);
    const tally = readTally(from);
    for (const paired of readPaired(from, folders)) apply(pairing, paired);
    const asides = from.number(MOST_MESSAGES);
    for (let index = 0; index < asides; index++) {
      const folder = folderNamed(pairing, from.text());
      folder.ledger.putAside(uidOf(from.number()), 'ledger.unknown-message');
      folder.changed = true;
    }
    if (from.number(1) === 1) pairing.intent = readIntent(from, folders);
    // The earlier attempt counted what it found under way as well.
    pairing.tally.counts = tally.counts;
    pairing.tally.notes = tally.notes;
  });
}

function folderNamed({ folders }: Pairing, source: string): PairingFolder {
  const found = folders.find(({ at }) => at.source === source);
  if (found === undefined) throw new DamagedBytes('it names a folder that is not among those to be paired');
  return found;
}

function readFolders(from: ByteReader, pairing: Pairing): readonly PairingFolder[] {
  const folders: PairingFolder[] = [];
  const length = from.number(MOST_FOLDERS);
  for (let index = 0; index < length; index++) {
    const folder = folderNamed(pairing, from.text());
    const { ledger } = folder;
    if (from.number() !== ledger.baseSize) throw new DamagedBytes('it belongs to another ledger');
    const [sourceValidity, destinationValidity] = [from.number(), from.number()];
    if (ledger.head.sourceValidity === 0) ledger.update({ sourceValidity });
    if (ledger.head.destinationValidity === 0) ledger.update({ destinationValidity });
    folders.push(folder);
  }
  return folders;
}

function readPaired(from: ByteReader, folders: readonly PairingFolder[]): readonly PairedMessage[] {
  const length = from.number(MOST_MESSAGES);
  const [fromColumn, toColumn, uids, targets, counterparts] = Array.from({ length: 5 }, () => from.inner());
  const paired: PairedMessage[] = [];
  const last = { uid: 0, target: 0, counterpart: 0 };
  for (let index = 0; index < length; index++) {
    const [fromFolder, toFolder] = [folders[next(fromColumn)], folders[next(toColumn)]];
    if (fromFolder === undefined || toFolder === undefined) throw new DamagedBytes('a folder is not in the list');
    last.uid = uidOf(last.uid + unzigzag(next(uids)));
    last.target = uidOf(last.target + unzigzag(next(targets)));
    const number = next(counterparts);
    if (number >= KINDS) last.counterpart = uidOf(last.counterpart + unzigzag(number - KINDS));
    const counterpart = number === 0 ? NOWHERE : number === 1 ? SOUGHT : last.counterpart;
    paired.push({ from: fromFolder, uid: last.uid, to: toFolder, target: last.target, counterpart });
  }
  for (const column of [fromColumn, toColumn, uids, targets, counterparts]) column?.end();
  return paired;
}

function next(column: ByteReader | undefined): number {
  if (column === undefined) throw new DamagedBytes('a column is missing');
  return column.number();
}

function readIntent(from: ByteReader, folders: readonly PairingFolder[]): Intent {
  const [fromFolder, toFolder] = [folders[from.number()], folders[from.number()]];
  if (fromFolder === undefined || toFolder === undefined) throw new DamagedBytes('a folder is not in the list');
  const [uidNext, uidValidity] = [from.number(), from.number()];
  const messages = readPaired(from, folders).map(({ uid, target }) => ({ uid, target }));
  return { from: fromFolder, to: toFolder, uidNext, uidValidity, messages };
}

function uidOf(value: number): number {
  if (value < 1 || value > HIGHEST_UID) throw new DamagedBytes('a UID is impossible');
  return value;
}

/** What the next heartbeat carries. */
export function pairingHeartbeat(pairing: Pairing): CopyHeartbeat {
  const { doing, done, of } = pairing.progress;
  const numbers = `moving copies along: ${grouped(done)} of ${grouped(of)}`;
  return { text: doing ?? numbers, done, of, growth: encodePairingGrowth(pairing) };
}
