// Reads the queue: it only says what it was given.
exports.handler = async (event) => {
  for (const message of event.Records) {
    console.log(`${message.eventSource} said ${message.body}`);
  }
};
