using System.Text;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Converts ids to text as they arrive. The text returned so far depends only on the ids so far and never splits a character. Together with <see cref="Flush"/>
/// it equals the text that <see cref="IGenerationTokenizer.Decode"/> returns for all ids. Special tokens, and ids without a token, give no text. Only one
/// thread at a time may use it.
/// </summary>
/// <remarks>
/// Invalid UTF-8 becomes U+FFFD. Byte-level tokenizers give one U+FFFD for each longest incomplete beginning of a character, as Hugging Face does. Tokenizers
/// with byte fallback give one U+FFFD for each byte that is part of no character, as SentencePiece does.
/// With byte fallback Hugging Face differs: if one byte in a run of byte tokens is wrong, it replaces all bytes of the run. That is only known when the run has
/// ended. A text in a script that the vocabulary lacks could then not be streamed, and no stop string could be found in it.
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
    /// <returns>The text that is certain now. It is often empty while a character is incomplete.</returns>
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

    /// <summary>Ends the ids. Returns the replacement of an incomplete character, if there is one.</summary>
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

            // The byte that did not fit may begin a new character, or be invalid itself.
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
    /// Used for decoders without a table. The new ids are decoded together with the ids before them. The text beyond the text of the ids before is new, unless
    /// it ends in an incomplete character. After ids have given text, only they serve as context for the next ids. A long row of ids that give no text would
    /// make each decoding slower; so after <see cref="MostWaiting"/> ids the text is released as it is.
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
