import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { errnoOf, loadFfi, NativeMemory } from '../../src/base/ffi.ts';

describe('node:ffi', () => {
  test('comes without its warning, and others are shown as ever', () => {
    const before = process.emitWarning;
    const shown: unknown[] = [];
    process.emitWarning = ((warning: unknown) => shown.push(warning)) as typeof process.emitWarning;
    const { getBuiltinModule } = process;
    try {
      const replaced = process.emitWarning;
      process.getBuiltinModule = (() => {
        process.emitWarning('FFI is an experimental feature', 'ExperimentalWarning');
        process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');
        process.emitWarning('FFI does something else', 'Warning');
        return {};
      }) as unknown as typeof getBuiltinModule;
      loadFfi();
      expect(shown).toEqual(['SQLite is an experimental feature', 'FFI does something else']);
      expect(process.emitWarning).toBe(replaced);
    } finally {
      process.getBuiltinModule = getBuiltinModule;
      process.emitWarning = before;
    }
  });

  test.skipIf(process.platform !== 'linux')('tells errno of the call before', () => {
    const ffi = loadFfi();
    const errno = errnoOf(ffi);
    const { close } = ffi.dlopen(null, { close: { return: 'i32', arguments: ['i32'] } }).functions;
    expect(close(-1)).toBe(-1);
    expect(errno()).toBe(constants.errno.EBADF);
  });
});

describe('native memory', () => {
  test('is handed out once, aligned, and no more than there is', () => {
    const memory = new NativeMemory(loadFfi(), 60);
    expect([memory.take(1), memory.take(17), memory.take(16)]).toEqual([0, 16, 48]);
    expect(() => memory.take(1)).toThrow('used up');
  });

  test('is what C finds at its address', () => {
    const ffi = loadFfi();
    const memory = new NativeMemory(ffi, 64);
    memory.bytes.write('there\0', 32);
    memory.point(0, 32);
    expect(ffi.toString(memory.address(32))).toBe('there');
    expect(ffi.toString(ffi.getUint64(memory.address(0)))).toBe('there');
  });
});
