// Keeps a note in S3, below notes/ only: that is all its role allows.
const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");

const s3 = new S3Client({});

exports.handler = async (event) => {
  const { name, text } = JSON.parse(event.body);
  const key = `${name.includes("/") ? "" : "notes/"}${name}.txt`;
  console.log("keeping", key);
  try {
    await s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: key, Body: text }));
  } catch (error) {
    return { statusCode: error.$metadata?.httpStatusCode ?? 500, body: JSON.stringify({ error: error.name, message: error.message }) };
  }
  return { statusCode: 201, body: JSON.stringify({ key }) };
};
