import { defineSearchAttributeKey, type SearchAttributePair, type SearchAttributeUpdatePair } from '@temporalio/common';

const PROJECT = defineSearchAttributeKey('MailferryProject', 'KEYWORD');
const PHASE = defineSearchAttributeKey('MailferryPhase', 'KEYWORD');
const PROBLEM = defineSearchAttributeKey('MailferryProblem', 'KEYWORD');
const MESSAGES = defineSearchAttributeKey('MailferryMessages', 'INT');

export interface Attributes {
  readonly project: string;
  readonly phase?: string;
  readonly messages?: number;
}

/** By these a project is listed, watched and counted from visibility alone. */
export function searchAttributes(attributes: Attributes): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [{ key: PROJECT, value: attributes.project }];
  if (attributes.phase !== undefined) pairs.push({ key: PHASE, value: attributes.phase });
  if (attributes.messages !== undefined) pairs.push({ key: MESSAGES, value: attributes.messages });
  return pairs;
}

/** The same for a running workflow; a problem that is over is taken away. */
export function changedAttributes(attributes: Attributes, problem: string | undefined): SearchAttributeUpdatePair[] {
  return [...searchAttributes(attributes), { key: PROBLEM, value: problem ?? null }];
}
