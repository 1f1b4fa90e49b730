import { describeProjections } from '#libs/testing/projected.js';
import { queueSamples } from './queue.samples.js';

describeProjections(queueSamples);
