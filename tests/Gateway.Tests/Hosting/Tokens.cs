using System.Text;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>Short words for what a scripted stream says.</summary>
public static class Tokens
{
    /// <summary>One token with its text.</summary>
    public static TokenGroup Say(string text, int choice = 0, int position = 0) => new() { Choice = choice, Position = position, TokenIds = [100 + position], Text = text };

    /// <summary>The last token of a choice.</summary>
    public static TokenGroup Last(string text, FinishReason finish = FinishReason.Stop, int choice = 0, int position = 0) => Say(text, choice, position) with { Finish = finish };

    public static TokenLogprob Logprob(int id, string text, float logprob, params TokenLogprob[] top) => Logprob(id, Encoding.UTF8.GetBytes(text), logprob, top);

    public static TokenLogprob Logprob(int id, byte[] bytes, float logprob, params TokenLogprob[] top) => new() { TokenId = id, Bytes = bytes, Logprob = logprob, Top = top };
}
