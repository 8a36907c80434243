using Meridian.Intents;
using Meridian.Intents.State;

namespace Meridian.Federation.Tests.Intents.State;

public sealed class IntentRulesTests
{
    private static readonly IntentKey Key = new(IntentKinds.Model, "minilm");

    [Fact]
    public void A_change_at_every_limit_is_taken() => IntentRules.Check(new IntentChange
    {
        Operation = Guid.NewGuid(),
        Author = new string('a', 256),
        Conditions = [.. Enumerable.Range(0, 128).Select(i => new IntentCondition(Key, i))],
        Writes = [.. Enumerable.Range(0, 128).Select(i => new IntentWrite(new IntentKey(new string('k', 64), $"{i:D256}"), i < 4 ? new byte[1024 * 1024] : null))],
    });

    [Fact]
    public void Every_rule_is_named_with_the_value_that_breaks_it()
    {
        var good = new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(Key, [])] };
        IntentRules.Check(good);

        Refused(good with { Operation = Guid.Empty }, "Operation is empty");
        Refused(good with { Writes = [] }, "Writes is empty");
        Refused(good with { Writes = [.. Enumerable.Range(0, 129).Select(i => new IntentWrite(new IntentKey("model", $"{i}"), []))] }, "Writes has 129 entries");
        Refused(good with { Writes = [new IntentWrite(Key, []), new IntentWrite(Key, null)] }, "'model/minilm' twice");
        Refused(good with { Writes = [new IntentWrite(Key, new byte[1024 * 1024 + 1])] }, "is 1048577 bytes");
        Refused(good with { Writes = [.. Enumerable.Range(0, 5).Select(i => new IntentWrite(new IntentKey("model", $"{i}"), new byte[1024 * 1024]))] }, "are 5242880 bytes together");
        Refused(good with { Writes = [new IntentWrite(new IntentKey("model", ""), [])] }, "The name ''");
        Refused(good with { Writes = [new IntentWrite(new IntentKey("model", new string('x', 257)), [])] }, "1 to 256");
        Refused(good with { Writes = [new IntentWrite(new IntentKey("model", "\ud800"), [])] }, "well-formed");
        Refused(good with { Writes = [new IntentWrite(new IntentKey("", "a"), [])] }, "The kind ''");
        Refused(good with { Writes = [default] }, "The kind ''");
        Refused(good with { Conditions = [new IntentCondition(Key, -1)] }, "epoch -1");
        Refused(good with { Conditions = [new IntentCondition(new IntentKey("model", ""), 1)] }, "of a condition");
        Refused(good with { Conditions = [.. Enumerable.Range(0, 129).Select(i => new IntentCondition(Key, i))] }, "Conditions has 129");
        Refused(good with { Author = new string('a', 257) }, "Author");
    }

    [Theory]
    [InlineData("10.0.0.1:80")]
    [InlineData("[::1]:65535")]
    [InlineData("eu.example:1")]
    public void A_consensus_address_is_host_and_port(string address) => IntentRules.Check(Voter(address));

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1:0")]
    [InlineData("10.0.0.1:65536")]
    [InlineData(":80")]
    [InlineData("::1:80")]
    [InlineData("eu example:80")]
    [InlineData("http://eu:80")]
    public void Anything_else_is_refused_by_value(string address) =>
        Assert.Contains($"Consensus '{address}'", Assert.Throws<ArgumentException>(() => IntentRules.Check(Voter(address))).Message);

    private static IntentVoter Voter(string consensus) => new() { Name = "eu", Consensus = consensus, Protocol = new Uri("http://127.0.0.1:1") };

    private static void Refused(IntentChange change, string rule) => Assert.Contains(rule, Assert.Throws<ArgumentException>(() => IntentRules.Check(change)).Message);
}
