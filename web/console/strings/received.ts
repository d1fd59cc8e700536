/** The page of received messages. All but its name is in the bell's catalogue. */
export const received = {
  received_messages: "Received messages",
  received_follow_up: "Who has acknowledged",
};
