import { spawn } from 'node:child_process';

const stopSignals = ['SIGTERM', 'SIGHUP', ...(process.stdin.isTTY ? [] : ['SIGINT'])];

/**
 * Runs a program on this terminal and resolves with its exit code (128 + n for a signal). Signals sent to this process
 * are passed on; Ctrl-C reaches both from the terminal, and the program decides what it means.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export async function run(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const passOn = (signal) => child.kill(signal);
  for (const signal of stopSignals) process.on(signal, passOn);
  if (process.stdin.isTTY) process.on('SIGINT', leaveToTheProgram);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
    });
  } finally {
    for (const signal of stopSignals) process.removeListener(signal, passOn);
    process.removeListener('SIGINT', leaveToTheProgram);
  }
}

function leaveToTheProgram() {}

function signalNumber(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0;
}
