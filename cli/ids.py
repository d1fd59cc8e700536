"""The id of a message as an operator writes it."""

import uuid

import click


class MessageId(click.ParamType[uuid.UUID]):
    """An argument that is a message's id. What is none is refused in a sentence, before anything is asked."""

    name = "message_id"

    def convert(
        self, value: str | uuid.UUID, parameter: click.Parameter | None, context: click.Context | None
    ) -> uuid.UUID:
        try:
            return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
        except ValueError:
            raise click.ClickException(
                f"{value} is not the id of a message: those look like {uuid.UUID(int=0)}."
            ) from None


MESSAGE_ID = MessageId()


def unknown(message_id: uuid.UUID) -> click.ClickException:
    return click.ClickException(f"There is no message {message_id}.")
