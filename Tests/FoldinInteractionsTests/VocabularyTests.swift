import FoldinInteractions
import Testing

struct VocabularyTests {
    @Test("ids differ if their bytes differ, even if Unicode treats them as equal")
    func comparesBytes() {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        let vocabulary = Vocabulary([composed, decomposed])
        #expect(vocabulary.index(of: decomposed) == 1 && vocabulary.index(of: composed) == 0)
        #expect(vocabulary != Vocabulary([decomposed, composed]))
        #expect(Vocabulary.firstRepeat(in: [composed, decomposed]) == nil)
        let found = Vocabulary.firstRepeat(in: ["a", "b", "a"])
        #expect(found?.place == 2 && found?.earlier == 0)
    }
}
