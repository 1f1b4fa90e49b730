import { describeProjections } from '#libs/testing/projected.js';
import { conversationSamples } from './conversation.samples.js';

describeProjections(conversationSamples);
