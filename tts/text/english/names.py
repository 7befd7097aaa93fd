"""Given names that letters and numerals follow."""

from tts.text.rules import words_of

# Those of kings, queens and popes: a Roman numeral after them is an ordinal.
RULERS = words_of(
    "Henry Edward George William Richard Charles James John Elizabeth Mary Louis Philip Philippe Ferdinand Frederick "
    "Francis Gustav Gustavus Christian Catherine Peter Ivan Nicholas Alexander Napoleon Leopold Albert Victor Carlos "
    "Alfonso Juan Pius Leo Paul Benedict Gregory Clement Innocent Urban Boniface Julius Adrian Sixtus Stephen Otto "
    "Rudolf Maximilian Joseph Wilhelm Margaret Robert David Malcolm Ramses Ramesses Ptolemy Darius Xerxes Cleopatra "
    "Constantine Justinian Harald Haakon Olaf Umberto Emmanuel Anne Isabella Eugene Callixtus Celestine Nero Selassie "
    "Mehmed Murad Selim Suleiman Hassan Abdullah Mohammed Akbar Shapur Baldwin Theodosius Valentinian Honorius Sancho "
    "Afonso Pedro Manuel Michael Basil Ludwig Sigismund Casimir Boris Carol Rainier Hugh Lothair Conrad Clovis Edgar "
    "Edmund Harold Canute Eric Magnus Karl Christina Martin Marcellus Hadrian Sylvester Lucius Anastasius Felix Alaric "
    "Antiochus Artaxerxes Cyrus Mithridates Tiberius Claudius Augustus Amenhotep Thutmose Seti Nebuchadnezzar Josef "
    "Franz Ernest Augusta Sophia Matilda Eleanor Blanche Jaime Enrique Felipe Fernando Luis Miguel Jean Henri Hakon "
    "Sverre Erik Johan Adolf Adolphus Matthias Wenceslas Vladislav Stanislaus Alexis Feodor Theodore Demetrius "
    "Rameses Vladimir Abbas Menelik"
)
# Other people whose name a number may end.
GIVEN = words_of(
    "Sam Samuel Thomas Tom Bill Bob Jim Joe Jack Harry Frank Fred Walter Arthur Ralph Howard Carl Roy Ray Lee Dale "
    "Donald Ronald Kenneth Steven Brian Kevin Mark Matthew Andrew Anthony Daniel Patrick Dennis Jerry Larry Gary "
    "Timothy Jeffrey Scott Gerald Douglas Raymond Roger Lawrence Benjamin Nathan Nathaniel Aaron Adam Luther Davis "
    "Thurston Cornelius Loudon Preston Winston Percy Oliver Oscar Hugo Alfred Julian Marcus Rufus Silas Ezra Elijah"
)
