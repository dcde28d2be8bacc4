import type { Connection } from '@temporalio/client';
import { searchAttributeTypes } from '../model/search-attributes.ts';
import { hasGrpcCode } from './connection.ts';

/** How `temporal.api.enums.v1.IndexedValueType` numbers the types in use, and how Temporal's command line calls them. */
const valueTypes = {
  KEYWORD: { number: 2, cliName: 'Keyword' },
  INT: { number: 3, cliName: 'Int' },
} as const;

/** A server that keeps search attributes in its namespace's configuration learns of a change within ten seconds. */
const visibleWithinMs = 20_000;
const pollEveryMs = 250;
const invalidArgument = 3;

type Attribute = readonly [name: string, type: keyof typeof valueTypes];

/** Search attributes are missing and could not be added; the message holds the command that adds them. */
export class SearchAttributesMissing extends Error {
  override readonly name = 'SearchAttributesMissing';
  readonly namespace: string;
  readonly missing: readonly string[];
  /** For a person who may change the namespace. */
  readonly command: string;

  constructor(address: string, namespace: string, missing: readonly Attribute[], cause: unknown) {
    const command = createCommand(address, namespace, missing);
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `Namespace "${namespace}" of Temporal at ${address} lacks search attributes that mailferry needs, and they ` +
        `could not be added: ${reason}\nHave them added by somebody who may:\n  ${command}`,
      { cause },
    );
    this.namespace = namespace;
    this.missing = missing.map(([name]) => name);
    this.command = command;
  }
}

/**
 * Adds the search attributes that the namespace lacks, and resolves when the server accepts all of them in a query.
 * Changes nothing where they exist. Rejects with {@link SearchAttributesMissing} when the server, or what the caller
 * may do there, does not allow it, and when one exists with another type.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const wanted: readonly Attribute[] = Object.entries(searchAttributeTypes);
  const existing = await listTypes(connection, namespace, wanted);
  const missing = wanted.filter(([name, type]) => existing[name] !== valueTypes[type].number);
  if (missing.length === 0) return;
  const { address } = connection.options;
  const clash = missing.find(([name]) => existing[name] !== undefined);
  if (clash !== undefined) {
    throw new SearchAttributesMissing(
      address,
      namespace,
      missing,
      new Error(`${clash[0]} exists with another type, and has to be removed first`),
    );
  }
  try {
    const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, valueTypes[type].number]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    await untilQueryable(connection, namespace, wanted);
  } catch (error) {
    throw new SearchAttributesMissing(address, namespace, missing, error);
  }
}

async function listTypes(
  connection: Connection,
  namespace: string,
  wanted: readonly Attribute[],
): Promise<Readonly<Record<string, number | null | undefined>>> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return customAttributes;
  } catch (error) {
    throw new SearchAttributesMissing(connection.options.address, namespace, wanted, error);
  }
}

/** Whether they are usable is up to the frontend's own view of the namespace, which only a query asks. */
async function untilQueryable(
  connection: Connection,
  namespace: string,
  attributes: readonly Attribute[],
): Promise<void> {
  const query = attributes.map(([name]) => `${name} IS NULL`).join(' AND ');
  const deadline = Date.now() + visibleWithinMs;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      const unknownYet = hasGrpcCode(error, invalidArgument);
      if (!unknownYet || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
}

function createCommand(address: string, namespace: string, missing: readonly Attribute[]): string {
  const attributes = missing.map(([name, type]) => `--name ${name} --type ${valueTypes[type].cliName}`);
  return [
    'temporal operator search-attribute create',
    `--address ${shellWord(address)}`,
    `--namespace ${shellWord(namespace)}`,
    ...attributes,
  ].join(' ');
}

function shellWord(value: string): string {
  return /^[\w.:/-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
