/** Nest's injection tokens of the kernel's ports. */
export const CLOCK = Symbol('Clock');
export const NEW_ID = Symbol('NewId');
export const RANDOM = Symbol('Random');
