import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import { listOutput } from '#libs/http/endpoint.js';
import { unionSchema } from '#libs/http/nested-fields.js';
import { EVENT_NAMES } from '../catalogue/catalogue.published.js';

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };

class DeliveryDetail {
  @ApiProperty({ description: 'There was a delivery.', enum: ['DeliveryDetail'], example: 'DeliveryDetail' })
  _type: 'DeliveryDetail';

  @ApiProperty({ description: 'When the last attempt began.', ...INSTANT })
  deliveryTimestamp: string;

  @ApiProperty({ description: 'Whether the receiver answered 2xx.', example: true })
  success: boolean;

  @ApiProperty({
    description: 'The HTTP status; 0 when no response came.',
    type: 'integer',
    format: 'int32',
    example: 200,
  })
  responseCode: number;

  @ApiProperty({ description: 'The beginning of the response, or why there was none.', example: 'ok' })
  responseText: string;
}

class NoRecentDelivery {
  @ApiProperty({ description: 'There was no delivery yet.', enum: ['NoRecentDelivery'], example: 'NoRecentDelivery' })
  _type: 'NoRecentDelivery';
}

const STATUSES = { DeliveryDetail, NoRecentDelivery };

@ApiExtraModels(DeliveryDetail, NoRecentDelivery)
export class EventDeliveryStatus {
  @ApiProperty({ description: 'A subscribed event.', enum: EVENT_NAMES, example: 'TagCreated' })
  event: string;

  @ApiProperty({ description: 'How its last delivery went.', ...unionSchema(STATUSES) })
  deliveryStatus: DeliveryDetail | NoRecentDelivery;
}

export class EventDeliveryLog {
  @ApiProperty({ description: 'How the attempt went.', type: DeliveryDetail })
  deliveryDetail: DeliveryDetail;

  @ApiProperty({
    description: 'The body that was sent; empty when it is kept no longer.',
    example: '{"event_id":"01980f62-0c1d-7f24-9e6f-3c4d5e6f7081","event_fqn":"TAG_CREATED"}',
  })
  payload: string;
}

export const GetDeliveryStatusOutput = listOutput('GetWebhookLastDeliveryStatusOutput', EventDeliveryStatus);
export const GetDeliveryLogsOutput = listOutput('GetWebhookEventDeliveryLogsOutput', EventDeliveryLog);
