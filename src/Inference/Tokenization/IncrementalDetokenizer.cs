using System.Text;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Text of ids as they come. What it has given after some ids depends on these alone, never splits a character, and with <see cref="Flush"/> is the text of all
/// of them as <see cref="IGenerationTokenizer.Decode"/> gives it. Special tokens, and ids without a token, give nothing. One thread at a time.
/// </summary>
/// <remarks>
/// Bytes that are no UTF-8 become U+FFFD: with byte-level tokenizers one for each longest beginning of a character, as Hugging Face has it; with byte fallback one
/// for each byte that is part of no character, as SentencePiece has it. (Hugging Face replaces there every byte of a run of byte tokens when one of them is wrong,
/// which nobody can know before the run has ended: text in a script that the vocabulary lacks would not stream, and no stop string be found in it.)
/// </remarks>
public sealed class IncrementalDetokenizer
{
    private const int LongestCharacter = 4;
    private const char Replacement = '\uFFFD';
    private readonly TokenTable? _table;
    private readonly WindowedText? _windowed;
    private readonly bool _skipsSpecial;
    private readonly byte[] _pending = new byte[LongestCharacter];
    private readonly StringBuilder _text = new();
    private int _pendingCount;
    private int _strips;
    private bool _begun;

    internal IncrementalDetokenizer(TokenTable table, bool skipsSpecial)
    {
        _table = table;
        _skipsSpecial = skipsSpecial;
        _strips = table.Strips;
    }

    internal IncrementalDetokenizer(NativeTokenizer native, TokenizerFile file) => _windowed = new WindowedText(native, file);

    /// <summary>Takes the next id.</summary>
    /// <returns>What is certain now; often empty while a character is incomplete.</returns>
    public string Append(int id)
    {
        if (_table is null)
            return _windowed!.Append(id);
        if (!_table.Exists(id) || (_skipsSpecial && _table.IsSpecial(id)))
            return "";
        var first = !_begun;
        _begun = true;
        if (_pendingCount == 0 && _strips == 0 && !first && _table.Text(id) is { } text)
            return text;

        if (_table.ReplacesBytewise && !_table.IsByte(id))
            Abandon();
        Take(_table.Bytes(id, first).Span);
        return Released();
    }

    /// <summary>The ids have ended: what an incomplete character leaves.</summary>
    public string Flush()
    {
        if (_table is null)
            return _windowed!.Flush();
        Abandon();
        return Released();
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (_pendingCount > 0 && bytes.Length > 0)
        {
            _pending[_pendingCount++] = bytes[0];
            bytes = bytes[1..];
            var status = Rune.DecodeFromUtf8(_pending.AsSpan(0, _pendingCount), out var rune, out var consumed);
            if (status == System.Buffers.OperationStatus.NeedMoreData)
                continue;
            if (status == System.Buffers.OperationStatus.Done)
                _text.Append(rune);
            else
                Replace(consumed);
            _pending.AsSpan(consumed, _pendingCount - consumed).CopyTo(_pending);
            _pendingCount -= consumed;

            // The byte that did not fit may begin a character, or be wrong itself.
            if (_pendingCount > 0 && Rune.DecodeFromUtf8(_pending.AsSpan(0, _pendingCount), out rune, out consumed) != System.Buffers.OperationStatus.NeedMoreData)
            {
                if (rune == Rune.ReplacementChar)
                    Replace(consumed);
                else
                    _text.Append(rune);
                _pendingCount = 0;
            }
        }

        while (bytes.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var consumed);
            if (status == System.Buffers.OperationStatus.NeedMoreData)
            {
                bytes.CopyTo(_pending);
                _pendingCount = bytes.Length;
                return;
            }

            if (status == System.Buffers.OperationStatus.Done)
                _text.Append(rune);
            else
                Replace(consumed);
            bytes = bytes[consumed..];
        }
    }

    private void Abandon()
    {
        if (_pendingCount > 0)
            Replace(_pendingCount);
        _pendingCount = 0;
    }

    private void Replace(int bytes) => _text.Append(Replacement, _table!.ReplacesBytewise ? bytes : 1);

    private string Released()
    {
        if (_text.Length == 0)
            return "";
        var begin = 0;
        while (_strips > 0 && begin < _text.Length)
        {
            if (_text[begin] != _table!.Stripped)
            {
                _strips = 0;
                break;
            }

            begin++;
            _strips--;
        }

        var text = _text.ToString(begin, _text.Length - begin);
        _text.Clear();
        return text;
    }

    /// <summary>
    /// For decoders that no table covers: the new ids are decoded together with those before them, and what is longer than without them is new, unless it ends
    /// in an incomplete character. Ids count as before until they have given text, so the text of each is decided in the company of the last ones only. So that a
    /// long row of ids that give none costs no more with each, <see cref="MostWaiting"/> of them are let go for what they are.
    /// </summary>
    private sealed class WindowedText(NativeTokenizer native, TokenizerFile file)
    {
        private const int MostWaiting = 32;
        private readonly List<int> _ids = [];
        private string _before = "";
        private int _settled;

        public string Append(int id)
        {
            if (!file.HasToken(id) || file.Special.Contains(id))
                return "";
            _ids.Add(id);
            var text = Decode();
            return (text.Length > _before.Length && text[^1] != Replacement) || _ids.Count - _settled >= MostWaiting ? Settle(text) : "";
        }

        public string Flush() => Settle(Decode());

        private string Decode() => native.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ids));

        private string Settle(string text)
        {
            var released = text.StartsWith(_before, StringComparison.Ordinal) ? text[_before.Length..] : "";
            _ids.RemoveRange(0, _settled);
            _settled = _ids.Count;
            _before = Decode();
            return released;
        }
    }
}
