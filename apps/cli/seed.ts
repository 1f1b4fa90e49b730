import { type CliCommand, parsed, print, withOrganization } from './command.js';
import { seed as seedOrganization } from './seed/seed.js';

export const seed: CliCommand = {
  usage: [
    'seed [--organization <id>]',
    '                        fill the demo organization with agents, customers and conversations;',
    '                        existing entities do not change, and deleted ones are not created again',
  ],
  run: async (config, urls, args) => {
    const { values } = parsed(args, { organization: { type: 'string' } });
    await withOrganization(config, urls, values.organization, async (context, tools) => {
      const made = await seedOrganization(tools, context);
      print(made > 0 ? `Made ${made} entities.` : 'The demo data exists already: nothing was changed.');
    });
  },
};
