/** Where a project file says that a secret is. */
import type { IssueList } from './issues.ts';
import type { Place, SecretSource } from './types.ts';

/** What the checks of a file need: where keys stand, where complaints go, and the text of files that hold no secret. */
export interface FileContext {
  readonly issues: IssueList;
  readonly placeOf: (path: readonly PropertyKey[]) => Place;
  /** PEM texts by file name as written; absent when the file could not be read, which has been complained of. */
  readonly pems: ReadonlyMap<string, string>;
}

interface SecretKeys {
  readonly secretFile?: string | undefined;
  readonly secretEnv?: string | undefined;
  readonly prompt?: true | string | undefined;
}

/** All references to one secret that are given; the caller says how many there may be. */
export function secretSources(
  keys: SecretKeys,
  question: string,
  placeOf: (key: keyof SecretKeys) => Place,
): readonly SecretSource[] {
  const { secretFile, secretEnv, prompt } = keys;
  return [
    ...(secretFile === undefined ? [] : [{ kind: 'file', path: secretFile, place: placeOf('secretFile') } as const]),
    ...(secretEnv === undefined ? [] : [{ kind: 'env', name: secretEnv, place: placeOf('secretEnv') } as const]),
    ...(prompt === undefined
      ? []
      : [{ kind: 'prompt', question: prompt === true ? question : prompt, place: placeOf('prompt') } as const]),
  ];
}

/** The one source that there has to be; otherwise an issue, and one that stands for it in a project that is refused. */
export function onlySecret(
  sources: readonly SecretSource[],
  place: Place,
  allowed: string,
  issues: IssueList,
): SecretSource {
  const [first, second] = sources;
  if (second !== undefined) issues.add(second.place, 'the secret is referred to twice', `only one of ${allowed}`);
  if (first === undefined) issues.add(place, 'it is not said where the secret is', `one of ${allowed}`);
  return first ?? { kind: 'env', name: '', place };
}
