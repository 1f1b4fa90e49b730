import { describeProjections } from '#libs/testing/projected.js';
import { agentSamples } from './agent.samples.js';

describeProjections(agentSamples);
