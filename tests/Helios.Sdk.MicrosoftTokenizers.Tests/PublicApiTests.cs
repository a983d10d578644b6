using Helios.Sdk.Tests.PublicApi;

namespace Helios.Sdk.MicrosoftTokenizers.Tests;

/// <summary>What the other libraries are held to by tests of the same name.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void What_the_library_offers_is_approved() => ApprovedApi.Check(typeof(MicrosoftTokenizerFactory).Assembly);

    [Fact]
    public void The_reference_is_that_of_the_documentation_comments()
    {
        var comments = XmlComments.Of([typeof(GenerationRequest).Assembly, typeof(MicrosoftTokenizerFactory).Assembly]);
        ApprovedFile.Check("docs/reference/Helios.Sdk.MicrosoftTokenizers.md", ReferencePrinter.Print(typeof(MicrosoftTokenizerFactory).Assembly, comments));
    }
}
