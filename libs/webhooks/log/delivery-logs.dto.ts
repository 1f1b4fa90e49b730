import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import { listOutput } from '#libs/http/endpoint.js';
import { unionSchema } from '#libs/http/nested-fields.js';
import { EVENT_NAMES } from '../catalogue/catalogue.published.js';

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };

class DeliveryDetail {
  @ApiProperty({ description: 'A delivery was made.', enum: ['DeliveryDetail'], example: 'DeliveryDetail' })
  _type: 'DeliveryDetail';

  @ApiProperty({ description: 'When the last attempt began.', ...INSTANT })
  deliveryTimestamp: string;

  @ApiProperty({ description: 'Whether the receiver answered with a 2xx status.', example: true })
  success: boolean;

  @ApiProperty({
    description: 'The HTTP status; 0 if there was no response.',
    type: 'integer',
    format: 'int32',
    example: 200,
  })
  responseCode: number;

  @ApiProperty({ description: 'The beginning of the response, or why there was none.', example: 'ok' })
  responseText: string;
}

class NoRecentDelivery {
  @ApiProperty({ description: 'No delivery was made.', enum: ['NoRecentDelivery'], example: 'NoRecentDelivery' })
  _type: 'NoRecentDelivery';
}

const STATUSES = { DeliveryDetail, NoRecentDelivery };

@ApiExtraModels(DeliveryDetail, NoRecentDelivery)
export class EventDeliveryStatus {
  @ApiProperty({ description: 'The name of a subscribed event.', enum: EVENT_NAMES, example: 'TagCreated' })
  event: string;

  @ApiProperty({ description: 'The result of the last delivery.', ...unionSchema(STATUSES) })
  deliveryStatus: DeliveryDetail | NoRecentDelivery;
}

export class EventDeliveryLog {
  @ApiProperty({ description: 'The result of the attempt.', type: DeliveryDetail })
  deliveryDetail: DeliveryDetail;

  @ApiProperty({
    description: 'The body that was sent. Empty if it is no longer kept.',
    example: `{"event_id":"${EXAMPLE_IDS.event}","event_fqn":"TAG_CREATED"}`,
  })
  payload: string;
}

export const GetDeliveryStatusOutput = listOutput('GetWebhookLastDeliveryStatusOutput', EventDeliveryStatus);
export const GetDeliveryLogsOutput = listOutput('GetWebhookEventDeliveryLogsOutput', EventDeliveryLog);
