namespace Meridian.Inference.Tokenization.Chat;

/// <summary>A conversation cannot be rendered; the message says why and what to do.</summary>
public sealed class ChatTemplateException : Exception
{
    public ChatTemplateException(string message) : base(message)
    {
    }

    public ChatTemplateException(string message, Exception inner) : base(message, inner)
    {
    }
}
