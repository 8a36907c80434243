namespace Meridian.Inference.Tokenization.Chat;

/// <summary>A conversation cannot be rendered. The message gives the reason and the remedy.</summary>
public sealed class ChatTemplateException : Exception
{
    public ChatTemplateException(string message) : base(message)
    {
    }

    public ChatTemplateException(string message, Exception inner) : base(message, inner)
    {
    }
}
