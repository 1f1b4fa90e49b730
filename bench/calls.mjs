/** Serves calls of the process that forked this one, one after the other; ends together with it. */
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
