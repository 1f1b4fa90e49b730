import { describeProjections } from '#libs/testing/projected.js';
import { subscriptionSamples } from './subscription.samples.js';

describeProjections(subscriptionSamples);
