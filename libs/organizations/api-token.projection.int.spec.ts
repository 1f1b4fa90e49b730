import { describeProjections } from '#libs/testing/projected.js';
import { apiTokenSamples } from './api-token.samples.js';

describeProjections(apiTokenSamples);
