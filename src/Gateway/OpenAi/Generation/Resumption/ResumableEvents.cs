using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Writes a streamed answer in which each event has an id that tells how far its reader has come.
/// A choice may need several events for one frame (role, text, finish reason). Each of them gets its own id, so that a connection that breaks between two of
/// them loses nothing and repeats at most the role.
/// </summary>
/// <param name="ids">Signs the ids.</param>
/// <param name="prefix">See <see cref="EventId.Prefix"/>.</param>
/// <param name="tokens">Number of tokens that the reader has, for each choice.</param>
/// <param name="finished">Whether the reader has the finish reason, for each choice.</param>
internal sealed class ResumableEvents(ChunkWriter chunks, EventIds ids, string prefix, int[] tokens, bool[] finished)
{
    private readonly StringBuilder _id = new(prefix.Length + 16);
    private readonly int[] _tokens = [.. tokens];
    private readonly bool[] _finished = [.. finished];

    private readonly DiscardingPipeWriter _discard = new();

    /// <value>Number of tokens of all choices, including those that the reader had before.</value>
    public long Tokens => _tokens.Sum(static count => (long)count);

    /// <value>Whether every choice is done.</value>
    public bool AllFinished => Array.TrueForAll(_finished, done => done);

    /// <summary>Writes what precedes the first token, if the reader has no token yet. Returns whether anything was written.</summary>
    public bool Begin(PipeWriter pipe)
    {
        if (!chunks.HasBeginning || !Array.TrueForAll(_tokens, count => count == 0))
            return false;
        Id(pipe);
        return chunks.Begin(pipe);
    }

    /// <summary>
    /// Passes tokens that the reader already has through the chunk writer and discards the output. The writer's state (role, text offsets) is then right for
    /// the tokens that follow.
    /// </summary>
    public void Skip(TokenGroup group) => chunks.Write(_discard, group with { Finish = null });

    /// <summary>Applies the flags of a frame that concern more than its tokens.</summary>
    public void Note(StreamFrame frame) => chunks.Inexact |= frame.Inexact;

    /// <summary>Writes the part of a group that the reader does not have. The groups of one choice must come in order and whole.</summary>
    /// <exception cref="InvalidOperationException">The group leaves a gap, or begins within the tokens that the reader has.</exception>
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

    /// <summary>Writes an event and its id, or nothing if the group gives no event.</summary>
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
