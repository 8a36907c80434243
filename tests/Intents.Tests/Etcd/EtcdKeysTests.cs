using CsCheck;
using Google.Protobuf;
using Meridian.Intents.Etcd;

namespace Meridian.Intents.Tests.Etcd;

public sealed class EtcdKeysTests
{
    private static readonly EtcdKeys Keys = new("/m/");

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        var text = Gen.OneOf(Gen.Char['a', 'c'], Gen.Const('/'), Gen.Const('%'), Gen.Const('2'), Gen.Const('F'), Gen.Char['\u00e0', '\u00ff']).Array[1, 8].Select(chars => new string(chars));

        Gen.Select(text, text, (kind, name) => new IntentKey(kind, name)).Sample(key => Assert.Equal(key, Keys.ReadRecord(Keys.Record(key))));
    }

    [Fact]
    public void DifferentRecordsHaveDifferentKeys() =>
        Assert.NotEqual(Keys.Record(new IntentKey("a/b", "c")), Keys.Record(new IntentKey("a", "b/c")));

    [Fact]
    public void OneRangeHoldsRecordsAndRevisionButNoOperation()
    {
        Assert.True(InRange(Keys.Record(new IntentKey("a", "b"))));
        Assert.True(InRange(Keys.Record(new IntentKey("\uffff", "\uffff"))));
        Assert.True(InRange(Keys.Revision));
        Assert.False(InRange(Keys.Operation(Guid.NewGuid())));

        static bool InRange(ByteString key) => key.Span.SequenceCompareTo(Keys.StateStart.Span) >= 0 && key.Span.SequenceCompareTo(Keys.StateEnd.Span) < 0;
    }

    [Theory]
    [InlineData("/m/revision")]
    [InlineData("/m/record/")]
    [InlineData("/m/record/x")]
    [InlineData("/m/record/x/")]
    [InlineData("/other/record/x/y")]
    public void OtherKeysAreNoRecords(string key) => Assert.Null(Keys.ReadRecord(ByteString.CopyFromUtf8(key)));
}
