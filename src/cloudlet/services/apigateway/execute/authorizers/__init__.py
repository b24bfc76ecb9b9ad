"""Who may call a method, by those whom the API's owner has asked to say: functions and user pools."""
