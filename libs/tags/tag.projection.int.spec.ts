import { describeProjections } from '#libs/testing/projected.js';
import { tagSamples } from './tag.samples.js';

describeProjections(tagSamples);
