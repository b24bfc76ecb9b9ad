// What require('cfn-response') finds beside inline code: the answer of a custom resource to CloudFormation.
'use strict';

const http = require('http');
const https = require('https');

exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) =>
  new Promise((resolve) => {
    const done = () => {
      context.done();
      resolve();
    };
    const answer = Buffer.from(JSON.stringify({
      Status: responseStatus,
      Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    }));
    const url = new URL(event.ResponseURL);
    const options = { method: 'PUT', headers: { 'content-type': '', 'content-length': answer.length } };
    const request = (url.protocol === 'http:' ? http : https).request(url, options, (response) => {
      response.resume();
      response.on('end', () => {
        console.log('Status code: ' + response.statusCode);
        done();
      });
    });
    request.on('error', (error) => {
      console.log('The answer could not be sent: ' + error);
      done();
    });
    request.end(answer);
  });
