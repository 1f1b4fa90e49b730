import { describeProjections } from '#libs/testing/projected.js';
import { anonymizationSamples } from './anonymization.samples.js';

describeProjections(anonymizationSamples);
