namespace Helios.Sdk.Tests.Hosting;

/// <summary>Sixteen prompts of the kinds of text that the sample models know.</summary>
internal static class Prompts
{
    public static readonly string[] All =
    [
        "Once upon a time, there was a little girl named Lily.",
        "Tom had a red ball. He liked to",
        "Question: Sam has 5 apples and buys 7 more. How many",
        "To be, or not to be",
        "The prince looked at the old general and",
        "One day, a big dog",
        "ROMEO:\nWhat light",
        "Mia wanted to play in the park, but it was",
        "A farmer has 12 cows. He sells 3 of them.",
        "Prince Andrew",
        "The cat sat on the mat because",
        "First, add the two numbers. Then",
        "\"Look!\" said Ben. \"I found a",
        "In the forest there lived a fox who",
        "My lord, the king",
        "x",
    ];
}
