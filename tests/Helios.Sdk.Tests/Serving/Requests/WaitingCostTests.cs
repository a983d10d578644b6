using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Serving.Requests;

public class WaitingCostTests
{
    [Fact]
    public void A_waiting_request_takes_no_memory_for_the_answer_it_may_give()
    {
        var tokenizer = TokenizerFiles.Load(TestData.Model("stories260K"));
        var request = GenerationRequest.FromText("x") with { MaxTokens = 1_000_000 };
        Make(tokenizer, request);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Make(tokenizer, request);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(4096);
    }

    private static Sequence Make(ITokenizer tokenizer, GenerationRequest request) =>
        new(new RequestId(1), request, seed: 0, new EncodedPrompt([1, 2, 3], tokenizer.Fingerprint), new TokenStream(tokenizer, StopStrings.Of(request.Stop)), arrivedAt: 0);
}
