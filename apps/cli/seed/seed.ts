import { ConversationIds } from '#libs/conversations/conversation-ids.js';
import { violatedConstraint } from '#libs/database/database.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Tools } from '../../demo-organization.js';
import { CONVERSATIONS, conversations, FIRST_NUMBER } from './conversations.js';
import { crowd } from './crowd.js';
import { examples } from './examples.js';
import { type Planned } from './planned.js';

/**
 * Creates demo data in an organization: see {@link examples} and {@link crowd}. Returns the number of entities that
 * were created. The ids are the same in every organization.
 */
export async function seed(tools: Tools, context: WriteContext, now = new Date()): Promise<number> {
  const made = await seedExamples(tools, context, now);
  return made + (await create([...crowd(), conversations(now)], tools, context));
}

/** Creates only the entities that the examples of the API's document name. */
export async function seedExamples(tools: Tools, context: WriteContext, now = new Date()): Promise<number> {
  await passNumbers(new ConversationIds(tools.database));
  return create(examples(context.actorId, now), tools, context);
}

async function create(plans: Planned[], { store }: Tools, context: WriteContext): Promise<number> {
  let made = 0;
  try {
    for (const plan of plans) made += await plan.create(store, context);
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (!constraint) throw error;
    throw new StartupError(
      `The organization has data of its own that the demo data would repeat (${constraint}). Use a new organization: organization create <name>.`,
    );
  }
  return made;
}

/** Draws the numbers of the demo conversations, so that no new conversation gets one of them. */
async function passNumbers(ids: ConversationIds): Promise<void> {
  while ((await ids.next()) < FIRST_NUMBER + CONVERSATIONS);
}
