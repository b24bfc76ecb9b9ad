// Version 2 of the store front's function: orders in pages of five.
const DAY = 24 * 3600 * 1000;
const PAGE = 5;

exports.handler = async (event) => {
  const end = Date.parse(decodeURIComponent(event.end));
  const from = event.token ? Buffer.from(event.token, "base64").toString() : decodeURIComponent(event.start);
  const start = Date.parse(from);
  if (isNaN(start)) throw "Invalid parameter 'start'";
  if (isNaN(end)) throw "Invalid parameter 'end'";
  if (end <= start) throw "Invalid parameters 'end' must be greater than 'start'";
  const orders = [];
  let day = start;
  for (; day < end && orders.length < PAGE; day += DAY) {
    orders.push({
      orderId: `order-${orders.length}`,
      orderTs: new Date(day).toISOString(),
      orderAmount: Math.round(Math.random() * 100),
    });
  }
  const more = day < end ? { nextToken: Buffer.from(new Date(day).toISOString()).toString("base64") } : {};
  return { orders, ...more };
};
