/** From a record of a CSV to a row of the project. */
import type { Side } from '../../model/project.ts';
import type { IssueList } from '../issues.ts';
import type { Endpoints, WrittenRow, WrittenSide } from '../rows.ts';
import type { Place, SecretSource } from '../types.ts';
import type { Column, Dialect, Target } from './dialect.ts';
import { checkField, isSecret } from './fields.ts';
import type { Layout, Slot } from './header.ts';
import type { CsvRecord } from './table.ts';

/** What every row of one file needs. */
export interface RowContext {
  readonly file: string;
  readonly dialect: Dialect;
  readonly layout: Layout;
  readonly endpoints: Endpoints;
  readonly issues: IssueList;
  readonly warnings: IssueList;
}

type Values = ReadonlyMap<Target, string>;

/** What a required field that is empty should have held; passwords are asked for where the login is known. */
function expectedIn({ fills }: Column): string | undefined {
  if (fills.some((target) => target.endsWith('.user'))) return 'a user name';
  return fills.includes('source.server') ? 'a host name' : undefined;
}

export class RowReader {
  readonly #context: RowContext;
  readonly #slots: ReadonlyMap<Target, Slot>;
  #passedOver = 0;

  constructor(context: RowContext) {
    this.#context = context;
    this.#slots = new Map(
      context.layout.slots.flatMap((slot) => slot.column.fills.map((target) => [target, slot] as const)),
    );
  }

  /** Passwords that rows have because the form wants them, and that nobody needs. */
  get passwordsPassedOver(): number {
    return this.#passedOver;
  }

  /** The row; undefined where it is left out or lacks a name, which has been complained of. */
  read(record: CsvRecord): WrittenRow | undefined {
    const { dialect, endpoints, issues, warnings } = this.#context;
    this.#checkWidth(record);
    const values = this.#values(record);
    const placeOf = (target: Target): Place => this.#place(record, target);
    const open = new Map([...values].filter(([target]) => !isSecret(target)));
    if (dialect.check?.({ values: open, placeOf, endpoints, issues, warnings }) === false) return undefined;
    const source = this.#side('source', values, placeOf);
    const destination = this.#side('destination', values, placeOf);
    if (source === undefined || destination === undefined) return undefined;
    return { source, destination };
  }

  #checkWidth({ fields, line }: CsvRecord): void {
    const { file, issues, layout } = this.#context;
    if (!fields.slice(layout.width).some((field) => field.trim() !== '')) return;
    const than = this.#context.dialect.header === 'named' ? 'more than the header' : `more than ${layout.width}`;
    issues.add(
      { file, line },
      `the row has ${fields.length} fields, ${than}`,
      `fields with separators inside in quotes`,
    );
  }

  /** The fields that are not empty, checked. Only secrets keep blanks. */
  #values(record: CsvRecord): Values {
    const { issues, layout } = this.#context;
    const values = new Map<Target, string>();
    for (const { column, index } of layout.slots) {
      const [first] = column.fills;
      if (first === undefined) continue;
      const field = record.fields[index] ?? '';
      const value = isSecret(first) ? field : field.trim();
      if (value === '') {
        const expected = column.required === true ? expectedIn(column) : undefined;
        if (expected !== undefined) issues.add(this.#place(record, first), 'the field is empty', expected);
        continue;
      }
      checkField(first, value, this.#place(record, first), this.#context);
      for (const target of column.fills) values.set(target, value);
    }
    return values;
  }

  /** Where the field stands, or would stand. */
  #place(record: CsvRecord, target: Target): Place {
    const { file, dialect } = this.#context;
    const slot = this.#slots.get(target);
    if (slot !== undefined) return { file, line: record.line, column: slot.index + 1, path: slot.column.name };
    const column = dialect.columns.find(({ fills }) => fills.includes(target));
    return { file, line: record.line, ...(column === undefined ? {} : { path: column.name }) };
  }

  #side(side: Side, values: Values, placeOf: (target: Target) => Place): WrittenSide | undefined {
    const app = this.#application(side, values, placeOf);
    const user = values.get(`${side}.user`);
    if (user === undefined || app === 'incomplete') return undefined;
    const target = `${side}.password` as const;
    const password = this.#password(side, values.get(target));
    return {
      user,
      userPlace: placeOf(`${side}.user`),
      place: values.get(side === 'source' ? 'source.root' : 'destination.prefix'),
      secret: password === undefined ? undefined : kept(password, placeOf(target)),
      secretPlace: placeOf(target),
      ...(app === undefined ? {} : { app, appPlace: placeOf(`${side}.clientId`) }),
    };
  }

  #password(side: Side, password: string | undefined): string | undefined {
    const { dialect, endpoints } = this.#context;
    const kind = endpoints[side]?.auth.kind;
    if (password === undefined || dialect.passwordsByForm !== true) return password;
    if (kind === undefined || kind === 'password') return password;
    this.#passedOver += 1;
    return undefined;
  }

  #application(side: Side, values: Values, placeOf: (target: Target) => Place): WrittenSide['app'] | 'incomplete' {
    const clientId = values.get(`${side}.clientId`);
    const secret = values.get(`${side}.clientSecret`);
    const tenant = values.get(`${side}.tenant`);
    if (clientId === undefined && secret === undefined && tenant === undefined) return undefined;
    const { issues } = this.#context;
    const place = placeOf(`${side}.clientId`);
    const secretPlace = placeOf(`${side}.clientSecret`);
    if (clientId === undefined) issues.add(place, 'the application’s ID is missing', 'the Application (client) ID');
    if (secret === undefined) issues.add(secretPlace, 'the client secret is missing', 'the Value of the client secret');
    if (clientId === undefined || secret === undefined) return 'incomplete';
    const credential = { kind: 'secret', secret: kept(secret, secretPlace) } as const;
    return { clientId, credential, ...(tenant === undefined ? {} : { tenant }) };
  }
}

/** A secret in a closure, so that no object that is printed or serialised holds it. */
function kept(secret: string, place: Place): SecretSource {
  return { kind: 'value', reveal: () => secret, place };
}
