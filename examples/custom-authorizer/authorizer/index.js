// Verifies a JWT (HS256), and answers with a policy for the one whom it names.
const { createHmac, timingSafeEqual } = require("crypto");

exports.handler = async (event) => {
  console.log("Method ARN: " + event.methodArn);
  const claims = verified(event.authorizationToken, process.env.TOKEN_KEY);
  if (claims === null) throw new Error("Unauthorized");
  const [api, stage] = event.methodArn.split("/");
  const allow = (...methods) => ({
    Effect: "Allow",
    Action: ["execute-api:Invoke"],
    Resource: methods.map((method) => `${api}/${stage}/${method}`),
  });
  const statement = claims.scope.includes("admins") ? allow("*") : allow("GET/*", `POST/users/${claims.sub}`);
  return {
    principalId: claims.sub,
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { scope: claims.scope, expires: claims.exp },
  };
};

function verified(token, key) {
  const [header, payload, signature] = token.split(".");
  const expected = createHmac("sha256", key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  return claims.exp * 1000 > Date.now() ? claims : null;
}
