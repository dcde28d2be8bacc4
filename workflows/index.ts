/** What is bundled for workers. */
export { asideWorkflow } from './aside.ts';
export { doctorWorkflow } from './doctor.ts';
export { mailboxWorkflow } from './mailbox.ts';
export { preflightWorkflow } from './preflight.ts';
export { projectWorkflow } from './project.ts';
export { shardWorkflow } from './shard.ts';
