/**
 * What is used of node:http. To `import` that module is to read all that it exports, and one of these is a WebSocket, for which
 * Node loads undici: some 25 ms of the start of each thread, for nothing. Types are imported from `node:http` as ever.
 */
export const { METHODS, STATUS_CODES, createServer, request } = process.getBuiltinModule('node:http');
