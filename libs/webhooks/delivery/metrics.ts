export function countAttempt(_o: string, _d: number): void {}
export function observeDelivery(_l: number): void {}
