using System.Text;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Tokenization;

namespace Helios.Sdk.Tests.Serving.Streaming;

public class StopTokensTests
{
    private static readonly int End = TestTokenizers.TinyS.Encode("<|endoftext|>", addSpecialTokens: false)[0];

    [Fact]
    public void A_stop_string_that_is_a_special_token_is_its_id()
    {
        StopTokens.Find(["###", "<|endoftext|>", "the", "<|endoftext|>x", ""], TestTokenizers.TinyS).Should().Equal(End);
        StopTokens.Find([new string('x', 1 << 20)], TestTokenizers.TinyS).Should().BeEmpty();
        StopTokens.Find([], TestTokenizers.TinyS).Should().BeEmpty();
    }

    [Fact]
    public void An_answer_ends_where_the_token_comes_and_its_text_before_it()
    {
        var letter = TestTokenizers.TinyS.Encode("a", addSpecialTokens: false)[0];
        var stream = new TokenStream(TestTokenizers.TinyS, StopStrings.Of(["###", "<|endoftext|>"]));

        stream.Append(letter, depth: 1, timestamp: 1, isText: true).Should().BeFalse();
        stream.Append(End, depth: 1, timestamp: 2, isText: true).Should().BeTrue();
        stream.Complete(RequestOutcome.Completed(FinishReason.Stop));

        Encoding.UTF8.GetString(stream.Text.Slice(0, stream.Text.SafeLength)).Should().Be("a");
    }

    [Fact]
    public void The_first_token_builds_no_automaton()
    {
        var letter = TestTokenizers.TinyS.Encode("a", addSpecialTokens: false)[0];
        long Started(string[] stops)
        {
            var stream = new TokenStream(TestTokenizers.TinyS, StopStrings.Of(stops));
            var before = GC.GetAllocatedBytesForCurrentThread();
            stream.Append(letter, depth: 1, timestamp: 1, isText: true);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Started(["#"]);
        Started([new string('x', 1024)]).Should().Be(Started(["#"]));
    }

    [Fact]
    public void Another_tokenizer_has_other_ids()
    {
        var stream = new TokenStream(TestTokenizers.TinyS, StopStrings.Of(["</s>"]));
        stream.UseTokenizer(TestTokenizers.Stories260K, StopTokens.Find(["</s>"], TestTokenizers.Stories260K));

        stream.Append(2, depth: 1, timestamp: 1, isText: true).Should().BeTrue();
    }
}
