using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Writes a streamed answer so that each event names how far its reader has come. What a choice says at once in several events (its role, text, finish reason) gets an id for each:
/// a connection that breaks between two of them loses nothing and repeats at most the role.
/// </summary>
/// <param name="chunks">Writer of the answer.</param>
/// <param name="ids">Signs.</param>
/// <param name="prefix">See <see cref="EventId.Prefix"/>.</param>
/// <param name="tokens">Tokens that the reader has, a choice.</param>
/// <param name="finished">Choices whose finish reason the reader has.</param>
internal sealed class ResumableEvents(ChunkWriter chunks, EventIds ids, string prefix, int[] tokens, bool[] finished)
{
    private readonly StringBuilder _id = new(prefix.Length + 16);
    private readonly int[] _tokens = [.. tokens];
    private readonly bool[] _finished = [.. finished];

    private readonly DiscardingPipeWriter _discard = new();

    /// <value>Tokens of all choices, those that the reader had before included.</value>
    public long Tokens => _tokens.Sum(static count => (long)count);

    /// <value>Whether every choice is done.</value>
    public bool AllFinished => Array.TrueForAll(_finished, done => done);

    /// <summary>Writes what stands before the first token, for a reader who has nothing yet.</summary>
    public bool Begin(PipeWriter pipe)
    {
        if (!chunks.HasBeginning || !Array.TrueForAll(_tokens, count => count == 0))
            return false;
        Id(pipe);
        return chunks.Begin(pipe);
    }

    /// <summary>Lets the writer count tokens that the reader has already, so that what follows is written as it would have been.</summary>
    public void Skip(TokenGroup group) => chunks.Write(_discard, group with { Finish = null });

    /// <summary>Takes in what a frame says besides its tokens.</summary>
    public void Note(StreamFrame frame) => chunks.Inexact |= frame.Inexact;

    /// <summary>Writes what of a group the reader does not have. Groups of one choice come in order and whole.</summary>
    /// <exception cref="InvalidOperationException">It leaves a gap, or begins within what the reader has.</exception>
    public bool Write(PipeWriter pipe, TokenGroup group)
    {
        var choice = group.Choice;
        var next = group.Position + group.TokenIds.Length;
        var written = false;
        if (next > _tokens[choice])
        {
            if (group.Position != _tokens[choice])
                throw new InvalidOperationException($"Tokens {group.Position} to {next} of choice {choice} do not follow on {_tokens[choice]}.");
            written = Event(pipe, group with { Text = "", Logprobs = null, Finish = null });
            _tokens[choice] = next;
            written |= Event(pipe, group with { Finish = null });
        }
        else if (group.TokenIds.Length > 0)
        {
            Skip(group);
        }

        if (group.Finish is not null && !_finished[choice])
        {
            _finished[choice] = true;
            written |= Event(pipe, group with { Text = "", Logprobs = null });
        }

        return written;
    }

    /// <summary>Writes the finish reason of a choice whose tokens the reader has.</summary>
    public void Finish(PipeWriter pipe, int choice, FinishReason reason) =>
        Write(pipe, new TokenGroup { Choice = choice, Position = _tokens[choice], TokenIds = [], Text = "", Finish = reason });

    /// <summary>Writes an event with its id, or neither.</summary>
    private bool Event(PipeWriter pipe, TokenGroup group)
    {
        if (!chunks.Tells(group))
            return false;
        Id(pipe);
        return chunks.Write(pipe, group);
    }

    private void Id(PipeWriter pipe)
    {
        _id.Clear().Append(prefix);
        EventId.Append(_id, _tokens, _finished, chunks.Inexact);
        pipe.Write("id: "u8);
        var span = pipe.GetSpan(_id.Length + EventIds.SignatureLength + 2);
        var length = 0;
        foreach (var part in _id.GetChunks())
            length += Encoding.ASCII.GetBytes(part.Span, span[length..]);
        ids.Sign(span[..length], span[(length + 1)..]);
        span[length] = (byte)'.';
        length += 1 + EventIds.SignatureLength;
        span[length] = (byte)'\n';
        pipe.Advance(length + 1);
    }
}
