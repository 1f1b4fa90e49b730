/** Serves calls of the parent process, one at a time; exits when it disconnects. */
export function serveCalls(functions) {
  process.on('message', async ({ name, args }) => {
    try {
      process.send({ result: await functions[name](...args) });
    } catch (error) {
      process.send({ error: error.stack });
    }
  });
  process.on('disconnect', () => process.exit());
}
