/** What is used of WebAssembly, which Node's types leave to those of browsers (WebAssembly JavaScript Interface, section 5). */
declare namespace WebAssembly {
  /** Whether this machine can run it. */
  const validate: (code: Uint8Array) => boolean;
  const Module: new (code: Uint8Array) => Module;
  class Instance {
    constructor(module: Module);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class Memory {
    readonly buffer: ArrayBuffer;
  }
}
